"""A made-up payroll bureau for demonstrations and measurements: seeded, fast, and made up beyond doubt.

Here lives what invents rows; nothing here reads or changes a real bureau's data.
"""
