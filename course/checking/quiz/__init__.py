"""The practice quiz: questions whose answers are computed, and the widget that asks them.

Nothing is graded.
"""

from course.checking.quiz.kinds import ENDLESS, draw
from course.checking.quiz.questions import Option, Question
from course.checking.quiz.widget import ask

__all__ = ["ENDLESS", "Option", "Question", "ask", "draw"]
