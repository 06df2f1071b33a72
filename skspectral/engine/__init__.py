"""Trains stacks of networks with torch; knows no scikit-learn. Import it late: torch is heavy."""
