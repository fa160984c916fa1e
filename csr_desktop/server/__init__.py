"""The shared server: sign-in, commands run for good, the feed of rows, administration from the command line. No Qt."""
