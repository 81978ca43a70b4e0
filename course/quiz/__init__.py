"""The practice quiz: questions whose answers are computed, and the widget that asks them. Nothing is graded or stored."""
from course.quiz.kinds import KINDS, KINDS_01, draw
from course.quiz.lesson02 import LESSON_02
from course.quiz.lesson03 import KINDS_03, LESSON_03
from course.quiz.lesson04 import KINDS_04, LESSON_04
from course.quiz.lesson05 import KINDS_05, LESSON_05
from course.quiz.lesson06 import KINDS_06, LESSON_06
from course.quiz.lesson07 import KINDS_07, LESSON_07
from course.quiz.questions import LESSON_01, Option, Question
from course.quiz.widget import ask

__all__ = [
    "KINDS", "KINDS_01", "KINDS_03", "KINDS_04", "KINDS_05", "KINDS_06", "KINDS_07", "LESSON_01", "LESSON_02", "LESSON_03", "LESSON_04", "LESSON_05",
    "LESSON_06", "LESSON_07", "Option", "Question", "ask", "draw",
]
