"""CSR Desktop: a workstation for client service representatives. The layers and what they may import stand in pyproject.toml."""

__version__ = "0.1.0"
