"""The pages of the settings by which a bureau works: rules for verifying callers, scripts and checklists of topics.

Each is a list and a form that stands in its place. Who may change them is the server's to say; here is only hidden what
it would refuse. What a call shows of them is in `ui/calls`.
"""
