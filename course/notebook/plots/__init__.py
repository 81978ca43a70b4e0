"""The plots of the lessons: each from one call, with alt text, readable on light and dark pages."""

from course.notebook.plots.charts import bars, before_after, curves, depths, images
from course.notebook.plots.metrics import calibration, confusion, precision_recall, trade_off
from course.notebook.plots.networks import (
    freeze_map,
    gradient_flow,
    module_graph,
    task_gradients,
)
from course.notebook.plots.schematic import schematic

__all__ = [
    "bars",
    "before_after",
    "calibration",
    "confusion",
    "curves",
    "depths",
    "freeze_map",
    "gradient_flow",
    "images",
    "module_graph",
    "precision_recall",
    "schematic",
    "task_gradients",
    "trade_off",
]
