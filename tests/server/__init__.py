"""The server over HTTP and from the command line."""
