"""Curves of accuracy over ε or a setting, the price of robustness, distances to the nearest adversarial example."""

from widgets.figures.curves.robustness import (
    accuracy_over_eps as accuracy_over_eps,
    distance_distribution as distance_distribution,
    trade_off as trade_off,
    trade_off_frame as trade_off_frame,
)
from widgets.figures.curves.sweep import (
    accuracy_over_setting as accuracy_over_setting,
    ratio_over_setting as ratio_over_setting,
    setting_frame as setting_frame,
)
