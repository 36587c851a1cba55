"""Instruments that the whole-program tests share (see tests/README.md)."""
