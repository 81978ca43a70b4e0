"""Which results and errors are told as those of a batch of one."""

import pytest

from course.checking.batch_of_one import code_of_shape, code_of_shapes, errors_told


@pytest.mark.parametrize(
    "found, expected",
    [((4,), (1, 4)), ((), (1,)), ((), (1, 1)), ((1,), (1, 1)), ((3, 8), (1, 3, 1, 8))],
)
def test_a_batch_of_one_without_dimensions_of_size_one_has_lost_its_batch(found, expected):
    assert code_of_shape(found, expected) == "batch-dimension-lost"


@pytest.mark.parametrize(
    "found, expected", [((4,), (2, 4)), ((5,), (1, 4)), ((1, 1, 4), (1, 4)), ((2,), (2, 1))]
)
def test_another_shape_is_just_wrong(found, expected):
    assert code_of_shape(found, expected) == "wrong-result"


def test_of_several_results_the_right_ones_do_not_count():
    expected = [(1, 4), (1, 2)]
    assert code_of_shapes([(1, 4), (2,)], expected) == "batch-dimension-lost"
    assert code_of_shapes([(3, 4), (2,)], expected) == "wrong-result"
    assert code_of_shapes([(2,)], expected) == "wrong-result"


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_of_the_check_itself_is_not_explained_away(count):
    with pytest.raises(IndexError), errors_told(count, "logits"):
        raise IndexError
