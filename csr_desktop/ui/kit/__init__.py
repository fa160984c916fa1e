"""Theme and reusable widgets, one idea a module. No place of the program, no service and no data is known here.

Colours and sizes come from `resources/themes` through `theme`; a widget names roles, never values.
"""
