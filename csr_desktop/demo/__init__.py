"""The demo: a server on loopback with a made-up payroll bureau, a desk signed in on it, and the tour of a day."""
