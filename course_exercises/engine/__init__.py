"""How exercises work, whatever their chapter."""
