"""The practice quiz: questions whose answers are computed, and the widget that asks them. Nothing is graded or stored."""
from course.quiz.kinds import KINDS, draw
from course.quiz.lesson02 import LESSON_02
from course.quiz.lesson03 import LESSON_03
from course.quiz.questions import LESSON_01, Option, Question
from course.quiz.widget import ask

__all__ = ["KINDS", "LESSON_01", "LESSON_02", "LESSON_03", "Option", "Question", "ask", "draw"]
