"""Where scores come from: reported by a cell, or graded from private answers."""
