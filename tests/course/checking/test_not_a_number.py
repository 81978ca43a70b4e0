"""nan is no answer: no comparison with it holds, so no check may ask for what is too far off."""

import pytest

from course.checking.misconception import Misconception
from course.lessons.lesson01 import checks as lesson01
from course.lessons.lesson04 import checks as lesson04


@pytest.mark.parametrize("check", [lesson01.percent_saved, lesson04.effective_momentum])
def test_a_number_that_is_none_is_wrong(check):
    with pytest.raises(Misconception):
        check(lambda *_: float("nan"))
