"""The plots and tables of the lessons: each from one call, readable on light and dark pages.

Each has alt text, or the same as text.
"""

from course.notebook.plots.charts import bars, before_after, curves, depths, images
from course.notebook.plots.metrics import calibration, confusion, precision_recall, trade_off
from course.notebook.plots.networks import (
    freeze_map,
    gradient_flow,
    module_graph,
    task_gradients,
)
from course.notebook.plots.schematic import schematic
from course.notebook.plots.tables import table

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
    "table",
    "task_gradients",
    "trade_off",
]
