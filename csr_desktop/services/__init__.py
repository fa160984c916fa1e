"""What a screen may ask for: one class a place, plain values in and out. No Qt, no SQL."""
