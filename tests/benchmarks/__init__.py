"""Figures, as ratios within one run: this hardware is shared, absolute times wander."""
