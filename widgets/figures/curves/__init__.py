"""Curves of accuracy over ε or a setting, the price of robustness, distances to the nearest adversarial example."""

from widgets.figures.curves.robustness import accuracy_over_eps, distance_distribution, trade_off, trade_off_frame
from widgets.figures.curves.sweep import accuracy_over_setting, ratio_over_setting, setting_frame

__all__ = [
    "accuracy_over_eps",
    "accuracy_over_setting",
    "distance_distribution",
    "ratio_over_setting",
    "setting_frame",
    "trade_off",
    "trade_off_frame",
]
