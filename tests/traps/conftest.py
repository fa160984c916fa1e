"""The small bureau of the services' tests."""

from tests.services.conftest import bureau, desk

__all__ = ["bureau", "desk"]
