"""CSR Desktop, a workstation for client service representatives. pyproject.toml says which layer may import which."""

__version__ = "0.1.0"
