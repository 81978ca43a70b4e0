"""The quiz: questions are well formed, and their answers are what tables and real code say."""

import functools
import html
import importlib
import re
from collections import Counter

import nbformat
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from torch import nn

from course.checking.quiz import (
    ENDLESS,
    Option,
    Question,
    architectures,
    ask,
    draw,
    kinds,
    questions,
    widget,
)
from course.lessons.lesson01 import quiz, quiz_kinds
from course.lessons.lesson03 import quiz as quiz_03
from course.lessons.lesson09.quiz import KINDS_OF_SCHEDULE
from course.paths import ROOT

DRAWS = 400
SLOW = {"output_shape": 150, "fc_on_this_model": 200}  # draws of kinds that run a whole network
QUIZZES = {
    int(path.parent.name[-2:]): importlib.import_module(f"course.lessons.{path.parent.name}.quiz")
    for path in sorted((ROOT / "course/lessons").glob("lesson??/quiz.py"))
}
PLAIN = [
    pytest.param(question, id=f"lesson {lesson:02d}, question {number}")
    for lesson, each in QUIZZES.items()
    for number, question in enumerate(each.QUESTIONS, 1)
]
KINDS = [kind for each in QUIZZES.values() for kind in getattr(each, "KINDS", ())]
# Where the head is and how wide its input, by hand.
HEADS = {
    "resnet18": ("fc", 512),
    "resnet34": ("fc", 512),
    "resnet50": ("fc", 2048),
    "resnext50_32x4d": ("fc", 2048),
    "wide_resnet50_2": ("fc", 2048),
    "googlenet": ("fc", 1024),
    "inception_v3": ("fc", 2048),
    "shufflenet_v2_x1_0": ("fc", 1024),
    "densenet121": ("classifier", 1024),
    "densenet169": ("classifier", 1664),
    "mobilenet_v2": ("classifier[1]", 1280),
    "mobilenet_v3_small": ("classifier[3]", 1024),
    "mobilenet_v3_large": ("classifier[3]", 1280),
    "mnasnet1_0": ("classifier[1]", 1280),
    "efficientnet_b0": ("classifier[1]", 1280),
    "efficientnet_b1": ("classifier[1]", 1280),
    "efficientnet_b2": ("classifier[1]", 1408),
    "alexnet": ("classifier[6]", 4096),
    "vgg11": ("classifier[6]", 4096),
    "vgg16": ("classifier[6]", 4096),
    "squeezenet1_0": ("classifier[1]", 512),
    "squeezenet1_1": ("classifier[1]", 512),
    "convnext_tiny": ("classifier[2]", 768),
    "convnext_base": ("classifier[2]", 1024),
    "maxvit_t": ("classifier[5]", 512),
    "vit_b_16": ("heads.head", 768),
    "vit_l_16": ("heads.head", 1024),
    "swin_t": ("head", 768),
    "swin_b": ("head", 1024),
}
SPOKEN = {  # the names that explanations use
    "ResNet-18": "resnet18",
    "ResNet-34": "resnet34",
    "ResNet-50": "resnet50",
    "ResNets": "resnet50",
    "GoogLeNet": "googlenet",
    "DenseNet-121": "densenet121",
    "DenseNets": "densenet169",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3_small",
    "EfficientNet-B0": "efficientnet_b0",
    "EfficientNets": "efficientnet_b2",
    "AlexNet": "alexnet",
    "VGGs": "vgg11",
    "the VGGs": "vgg16",
    "ViT-B/16": "vit_b_16",
    "vision transformers": "vit_l_16",
    "Swin-T": "swin_t",
    "Swin transformers": "swin_b",
}


@functools.cache
def drawn(kind):
    return [draw(kind, seed) for seed in range(SLOW.get(kind, DRAWS))]


def answer(question):
    return next(option.text for option in question.options if option.right)


def name_in(question):
    return re.search(r"torchvision\.models\.(\w+)\(", question.prompt)[1]


def numbers_in(question, pattern):
    return [int(number) for number in re.search(pattern, question.prompt).groups()]


def bare(markdown):
    """The code of an option or a prompt, without its Markdown."""
    return (
        markdown.split("```python\n")[1].split("\n```")[0]
        if "```" in markdown
        else markdown.strip("`")
    )


def run(code, **names):
    """Run lines of a question and give the variables back."""
    names = {"torch": torch, "torchvision": torchvision, "nn": nn, **names}
    exec(code, names)
    return names


def trainable(model):
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


# --- what every question must be


@pytest.mark.parametrize("question", PLAIN)
def test_plain_questions_are_well_formed(question):
    assert_well_formed(question)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_questions_are_well_formed(kind):
    for question in drawn(kind):
        assert_well_formed(question)
        assert len(question.options) == 4


def assert_well_formed(question):
    texts = [option.text for option in question.options]
    reasons = [option.why for option in question.options]
    assert len(set(texts)) == len(set(reasons)) == len(question.options) >= 4, question
    assert [option.right for option in question.options].count(True) == 1, question
    for why in reasons:
        assert len(why.split()) >= 6, why
        assert why.endswith("."), why


def test_each_kind_belongs_to_one_lesson():
    assert sorted(KINDS) == sorted(ENDLESS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_a_question(kind):
    assert [draw(kind, seed) for seed in range(8)] == drawn(kind)[:8]
    assert len(set(drawn(kind))) > 0.9 * len(drawn(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_answer_is_in_each_place_about_as_often(kind):
    places = [[option.right for option in question.options].index(True) for question in drawn(kind)]
    assert min(places.count(place) for place in range(4)) > len(places) / 6


@pytest.mark.parametrize("kind", KINDS)
def test_an_option_that_is_often_offered_is_sometimes_right(kind):
    """Otherwise a learner learns to leave it out."""
    questions = drawn(kind)
    offered = Counter(option.text for question in questions for option in question.options)
    found = {answer(question) for question in questions}
    often = {text for text, times in offered.items() if times > len(questions) / 10}
    assert not often - found


def test_the_same_question_on_every_machine():
    question = draw("in_features", 0)  # changes with architectures.NAMES
    assert answer(question) == "4096"
    assert name_in(question) == "vgg16"


def test_an_unknown_kind_says_which_there_are():
    with pytest.raises(KeyError, match="head_path"):
        draw("head-path", 0)


def test_one_function_adds_a_kind(monkeypatch):
    monkeypatch.setattr(kinds, "ENDLESS", {})

    @kinds.endless
    def sums(rng):
        a = rng.randint(1, 9)
        return kinds.pose(
            rng,
            "How much?",
            [f"{a} + {a}"],
            questions.right(str(2 * a), "Twice."),
            [questions.wrong(str(number), "No.") for number in (a, 2 * a, a * a, 20, 21, 20)],
        )

    assert {option.text for option in draw("sums", 0).options} > {answer(draw("sums", 0))}


# --- the answers


@pytest.mark.parametrize("name", architectures.NAMES)
def test_heads_are_where_the_table_says(name):
    assert (
        architectures.as_code(architectures.head_path(name)),
        architectures.head_width(name),
    ) == (
        f"model.{HEADS[name][0]}",
        HEADS[name][1],
    )


def test_in_features():
    """A layer after the whole model gets the logits of the old head."""
    for question in drawn("in_features"):
        after = "nn.Sequential(model" in question.prompt
        assert answer(question) == ("1000" if after else str(HEADS[name_in(question)][1]))


def test_head_path():
    for question in drawn("head_path"):
        assert answer(question) == f"`model.{HEADS[name_in(question)][0]}`"


def test_output_shape():
    for question in drawn("output_shape"):
        (batch,) = numbers_in(question, r"randn\((\d+), ")
        (classes,) = numbers_in(question, r"\d, (\d+)(?:, kernel_size=1)?\)\nimages")
        assert answer(question) == f"`({batch}, {classes})`"


def test_fc_on_this_model():
    seen = set()
    for question in drawn("fc_on_this_model"):
        path, reads = HEADS[name_in(question)]
        if path != "fc":
            outcome = "no effect"
        elif "lambda" in question.prompt:
            outcome = "assignment itself"
        else:
            width, classes = numbers_in(question, r"Linear\((\d+), (\d+)\)")
            outcome = f"{classes} wide" if width == reads else "shape error"
        assert outcome in answer(question)
        seen.add(outcome.lstrip("0123456789 "))
    assert seen == {"wide", "shape error", "no effect", "assignment itself"}


def test_trainable_after_freeze():
    for question in drawn("trainable_after_freeze"):
        classes = 1000  # of the old head, which the last line may unfreeze
        if "requires_grad_(True)" not in question.prompt:
            (classes,) = numbers_in(question, r"\d, (\d+)(?:, kernel_size=1)?\)\n")
        frozen = question.prompt.endswith("requires_grad_(False)\n```")
        trainable = 0 if frozen else (HEADS[name_in(question)][1] + 1) * classes
        assert answer(question) == f"{trainable:,}"


@pytest.mark.filterwarnings(
    "ignore::FutureWarning"
)  # how googlenet and inception_v3 will be initialised one day
@pytest.mark.parametrize("kind", quiz.KINDS)
def test_the_code_in_a_question_does_what_its_answer_says(kind):
    for question in drawn(kind)[:8]:
        right, code = (
            bare(answer(question)),
            bare(question.prompt).replace("?", bare(answer(question))),
        )
        with torch.device("meta"):
            if kind == "fc_on_this_model" and "shape error" in right:
                with pytest.raises(RuntimeError, match=r"shapes|reduction dim"):
                    run(code)
                continue
            if kind == "fc_on_this_model" and "assignment itself" in right:
                with pytest.raises(TypeError, match="cannot assign"):
                    run(code)
                continue
            got = run(code)
            if kind == "fc_on_this_model":
                assert f"{got['logits'].shape[1]} wide" in right
            elif kind == "output_shape":
                assert str(tuple(got["logits"].shape)) == right
            elif kind == "trainable_after_freeze":
                assert f"{trainable(got['model']):,}" == right
            elif kind == "in_features":
                images = (
                    torch.empty(2, 3, 299, 299)
                    if "inception" in code
                    else torch.empty(2, 3, 224, 224)
                )
                assert got["model"].eval()(images).shape[0] == 2  # a wrong number raises here
            else:
                layer = eval(right, got)
                assert next(iter(layer.parameters())).shape[0] == 1000 and not [*layer.children()]


def test_what_a_step_changes():
    """The answer by rule: a part moves if it requires a gradient and the optimizer holds it.

    The statistics move if the last line that sets a mode sets train.
    """
    seen = set()
    for question in drawn("what_a_step_changes"):
        code = bare(question.prompt.split("after these lines?")[1])
        held = {"conv", "affine", "head"}
        if "SGD(model[4]" in code:
            held = {"head"}
        elif "SGD(model[:2]" in code:
            held = {"conv", "affine"}
        frozen = {
            part
            for part, index in (("conv", 0), ("affine", 1))
            if f"model[{index}].requires_grad_(False)" in code
        }
        mode = [line for line in code.split("\n") if line.endswith(("train()", "eval()"))][-1]
        moved = held - frozen | ({"statistics"} if mode.endswith("train()") else set())
        assert answer(question) == quiz_03.listed(moved)
        seen.add(answer(question))
    assert len(seen) > 6


def test_what_explanations_of_after_joining_say():
    for question in drawn("after_joining"):
        code = bare(question.prompt.split("at the end?")[1])
        joins = re.search(r"epoch == (\d+)", code)[1]
        first = float(re.search(r"\[old\], lr=([\d.]+)", code)[1])
        joined = float(re.search(r'"lr": ([\d.]+)', code)[1])
        alone = code.replace(f"epoch == {joins}", "epoch == -1")
        end = learning_rate_after(alone)
        there = learning_rate_after(re.sub(r"range\(\d+\)", f"range({joins})", alone))
        for option in question.options:
            if option.right:
                continue
            if "error" in option.text:
                assert option.why.startswith("No error") and "error" not in answer(question)
                continue
            claims = {
                "that the scheduler leaves alone": (end, joined),
                "followed the schedule from epoch 0": (end, joined * end / first),
                "what a scheduler does that multiplies": (end, joined * end / there),
                "changes the learning rate of the old group": (first, joined),
                "not with that of the old": (end, first),
                "does not make them equal": (end, end),
                "No scheduler halves the old": (first / 2, joined),
                "No scheduler halves the new": (first, joined / 2),
            }
            (claim,) = [claim for claim in claims if claim in option.why]
            told = [float(number) for number in re.findall(r"\d\.\d+", option.text)]
            assert told == pytest.approx(claims[claim], abs=6e-5), (question.prompt, option)
            assert end != first or "changes the learning rate" not in claim


def learning_rate_after(code):
    """The learning rate of the only group after the lines of a question."""
    schedulers = {kind: getattr(torch.optim.lr_scheduler, kind) for kind in KINDS_OF_SCHEDULE}
    names = run(code, old=nn.Parameter(torch.ones(1)), **schedulers)
    (group,) = names["optimizer"].param_groups
    return group["lr"]


def test_what_explanations_of_expected_cost_say():
    """Each explanation names a product of the table in the prompt, and the option is its value."""
    for question in drawn("expected_cost"):
        found = run(bare(question.prompt.split("average?")[1]))
        sheep, fox = found["p"].tolist()
        (_, call, shut), (opened, _, _) = found["costs"].tolist()
        claims = {
            "That is opening": fox * opened,
            "That is calling": call,
            "That is keeping it shut": sheep * shut,
            "opening to a fox, without": opened,
            "a sheep that waits, without": shut,
            "of a sheep for that of a fox": sheep * opened,
            "of a fox for that of a sheep": fox * shut,
            "both cases without": 2 * call,
            "only if a fox comes": fox * call,
            "only if a sheep comes": sheep * call,
            "opening and keeping it shut": fox * opened + sheep * shut,
        }
        for option in question.options:
            if not option.right:
                (value,) = [claims[claim] for claim in claims if claim in option.why]
                assert float(option.text) == pytest.approx(value, abs=0.006), option


def test_what_explanations_of_groups_in_lists_say():
    """A photo that is in no list is only spoken of where there is one."""
    for question in drawn("groups_in_lists"):
        count = int(re.search(r"(\d+) photos", question.prompt)[1])
        listed = run(bare(question.prompt.split("are there?")[1]))["together"]
        alone = count - len({photo for photos in listed for photo in photos})
        found = int(answer(question))
        for option in question.options:
            value = int(option.text)
            claims = {
                "the lists join some of them": value == count > found,
                f"The {alone} photos that are in no list": value == found - alone < found,
                "That is the number of lists": value == len(listed),
                "are one group, not two": value == len(listed) + alone,
                "does not always join two groups": value == count - len(listed),
                "One too many": value == found + 1,
                "One too few": value == found - 1,
                f"{found - alone} of photos in lists, and {alone} of": option.right,
            }
            assert alone or "in no list is" not in option.why, question
            (claim,) = [claim for claim in claims if claim in option.why]
            assert claims[claim], (question.prompt, option)


@functools.cache
def untrained(name):
    """A model of torchvision without values, as the questions build it."""
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        return torchvision.models.get_model(name, **options)


def numbers(parameters):
    return sum(parameter.numel() for parameter in parameters)


def value_in(name, code):
    """What an expression such as `model.fc.in_features` is in a model of torchvision."""
    return eval(code, {"model": untrained(name)})


def expect_one_claim(option, claims):
    """The text of each wrong option's reason holds one of the claims, and that one is true."""
    (claim,) = [claim for claim in claims if claim in option.why]
    assert claims[claim], (option.text, option.why)


def test_what_explanations_of_in_features_say():
    for question in drawn("in_features"):
        name = name_in(question)
        path, reads = HEADS[name]
        stays = "nn.Sequential(model" in question.prompt
        inputs = [m.in_features for m in untrained(name).modules() if isinstance(m, nn.Linear)]
        for option in question.options:
            if option.right:
                told = re.search(r"and its `(\w+)` is (\d+)", option.why)
                if told:
                    assert value_in(name, f"model.{path}.{told[1]}") == int(told[2]) == reads
                assert stays == ("after the whole model" in option.why)
                continue
            number = int(option.text)
            read_there = re.search(r"from this one: `(.+)`", option.why)
            claims = {
                "1000 is the number of outputs": number == 1000 and not stays,
                "of the *first* Linear": [number] == inputs[:1] != [reads],
                "Models differ": read_there and value_in(name, read_there[1]) == reads != number,
                f"The head of `{name}` takes as many": stays and number == reads,
                "Here the old head stays": stays and f"take {number} features" in option.why,
            }
            expect_one_claim(option, claims)


def test_what_explanations_of_output_shape_say():
    for question in drawn("output_shape"):
        reads = HEADS[name_in(question)][1]
        batch, classes = eval(bare(answer(question)))
        for option in question.options:
            if not option.right:
                shape = eval(bare(option.text))
                claims = {
                    "1000 logits came from the old": shape == (batch, 1000),
                    "batch dimension is missing": shape == (classes,),
                    f"{reads} numbers per image go *into*": shape == (batch, reads),
                    "batch comes first": shape == (classes, batch),
                    "one prediction for the whole batch": shape == (1, classes) and batch > 1,
                    "no height and width": shape == (batch, classes, 1, 1),
                }
                expect_one_claim(option, claims)


def test_what_explanations_of_head_path_say():
    for question in drawn("head_path"):
        name = name_in(question)
        path, reads = HEADS[name]
        layer = value_in(name, f"model.{path}")
        for option in question.options:
            if option.right:
                kind = type(layer).__name__
                assert f"`nn.{kind}` from {reads} to 1000" in option.why
                continue
            try:
                there = value_in(name, bare(option.text))
            except (AttributeError, TypeError, IndexError):  # a Linear has no index
                there = None
            inside = there is not None and any(each is layer for each in there.children())
            assigned = bare(option.text).count(".") == 1 and "[" not in option.text
            assert ("You can assign" in option.why) == (there is None and assigned)
            claims = {
                "this model has nothing there": there is None,
                "This is the container": inside,
                "is of type": f"`{type(there).__name__}`" in option.why and not inside,
            }
            expect_one_claim(option, claims)


def test_what_explanations_of_fc_on_this_model_say():
    """What they say of this model; `test_fc_on_this_model` judges which of them is right."""
    for question in drawn("fc_on_this_model"):
        model = untrained(name_in(question))
        there = hasattr(model, "fc")
        auxiliary = any("aux" in child.lower() for child, _ in model.named_children())
        for option in question.options:
            assert "This model has one" not in option.why or there, question
            assert "This model has none" not in option.why or not there, question
            assert "any layer under any name" not in option.why or "lambda" not in question.prompt
            if option.right and "the new layer fits" in option.why:
                assert auxiliary == ("auxiliary heads still have 1000" in option.why)
            gets = re.search(r"The head of `\w+` is `model\.(.+)` and gets (\d+)", option.why)
            assert not gets or (gets[1], int(gets[2])) == HEADS[name_in(question)]


def test_what_explanations_of_trainable_after_freeze_say():
    for question in drawn("trainable_after_freeze"):
        name = name_in(question)
        path, reads = HEADS[name]
        old = numbers(value_in(name, f"model.{path}").parameters())
        rest = numbers(untrained(name).parameters()) - old
        classes = 1000
        stays = "requires_grad_(True)" in question.prompt
        if not stays:
            (classes,) = numbers_in(question, r"\d, (\d+)(?:, kernel_size=1)?\)\n")
        new = old if stays else (reads + 1) * classes
        last = question.prompt.endswith("requires_grad_(False)\n```")
        for option in question.options:
            if not option.right:
                number = int(option.text.replace(",", ""))
                claims = {
                    "That is right if you freeze first": last and number == new,
                    "This happens in the other order": not last and number == 0,
                    "That would be all frozen": stays and number == 0,
                    "These are all parameters": number == rest + new,
                    "These are all but the head": number == rest,
                    f"the {reads} × {classes} weights": number == reads * classes,
                    "one weight for each pair": number == reads + classes,
                    "This is the old head, which is replaced": number == old and not stays,
                }
                expect_one_claim(option, claims)


def test_what_explanations_say_of_other_models():
    said = [
        (width, SPOKEN[spoken])
        for width, text in quiz_kinds.WIDTHS.items()
        for spoken in text.split(" and ")
    ]
    assert said == [(HEADS[name][1], name) for _, name in said]
    said = [
        (architectures.as_code(path), SPOKEN[spoken])
        for path, text in quiz_kinds.PLACES.items()
        for spoken in text.split(" and ")
    ]
    assert said == [(f"model.{HEADS[name][0]}", name) for _, name in said]


def test_why_not_head_reads_the_model():
    assert "container" in quiz_kinds.why_not_head("vgg16", "classifier")
    assert "`Dropout`" in quiz_kinds.why_not_head("efficientnet_b0", "classifier.0")
    assert "never calls it" in quiz_kinds.why_not_head("densenet121", "fc")
    assert "nothing there" in quiz_kinds.why_not_head("resnet18", "classifier.6")


# --- the plain questions, on models with real weights


@pytest.mark.parametrize(
    "name, question", [("resnet18", quiz.LINE_RESNET18), ("resnet50", quiz.LINE_RESNET50)]
)
def test_lines_for_five_classes(name, question):
    for option in question.options:
        model = torchvision.models.get_model(name).eval()
        run(bare(option.text), model=model)
        try:
            width = model(torch.zeros(1, 3, 64, 64)).shape[1]
        except RuntimeError:
            width = "shape error"
        assert option.right == (width == 5)
        assert ("shape error" in option.why, "1000 wide" in option.why) in (
            (width == "shape error", width == 1000),
            (False, False),
        )


def test_shape_of_five_classes():
    model = torchvision.models.resnet18().eval()
    model.fc = nn.Linear(512, 5)
    assert bare(answer(quiz.SHAPE)) == str(tuple(model(torch.zeros(1, 3, 224, 224)).shape))


def test_fc_on_three_models():
    resnet, densenet = torchvision.models.resnet18().eval(), torchvision.models.densenet121().eval()
    googlenet = torchvision.models.googlenet(init_weights=False).eval()
    for model in (resnet, googlenet, densenet):
        model.fc = nn.Linear(1024, 10)  # none of them refuses
    images = torch.zeros(2, 3, 64, 64)
    with pytest.raises(RuntimeError, match="shapes"):
        resnet(images)
    assert googlenet(images).shape == (2, 10)
    assert densenet(images).shape == (2, 1000) and not hasattr(
        torchvision.models.densenet121(), "fc"
    )
    logits, aux2, aux1 = googlenet.train()(images)
    assert (logits.shape[1], aux2.shape[1], aux1.shape[1]) == (10, 1000, 1000)
    assert answer(quiz.FC_ON_THREE).split(". ") == [
        "ResNet-18: shape error in the forward pass",
        "GoogLeNet: it works",
        "DenseNet-121: no error, and no effect.",
    ]


def test_freezing_all_but_the_head():
    everything = 2048 * 15 + 15 + trainable(torchvision.models.resnet50()) - (2048 * 1000 + 1000)
    for option in quiz.FREEZE_ALL_BUT_HEAD.options:
        model = torchvision.models.resnet50()
        run(bare(option.text), model=model)
        if option.right:
            assert (
                trainable(model) == 2048 * 15 + 15 == sum(p.numel() for p in model.fc.parameters())
                and "30,735" in option.why
            )
        elif "Nothing trains" in option.why:
            with pytest.raises(RuntimeError, match="does not require grad"):
                model(torch.zeros(2, 3, 64, 64)).sum().backward()
        else:
            assert trainable(model) == everything


def test_a_new_head_saves_little():
    before = trainable(torchvision.models.resnet18())
    saved = (before - trainable(torchvision.models.resnet18(num_classes=10))) / before
    assert f"{saved:.1%}" == "4.3%" and "4.3 %" in quiz.WHY_REPLACE.options[0].why


# --- the widget

WRONG, RIGHT = (
    Option("`1`", False, "That is *one* too few for this."),
    Option("`2`", True, "One and one are two in all."),
)
ONE = Question("One and one?", (WRONG, RIGHT))
BLOCKS = Question(
    "Which lines?",
    (
        Option("```python\na = 1\nb = 2\n```", True, "Because."),
        Option("```python\nb\n```\n", False, "No."),
    ),
)


def read(page):
    """What one reads of some HTML or Markdown, on one line."""
    return " ".join(
        html.unescape(
            re.sub(r"<style>.*?</style>|<[^>]*>|```python|[*`]", "", page, flags=re.DOTALL)
        ).split()
    )


def widgets_of(box):
    place, prompt, options, buttons, feedback = box.children
    return place, prompt, options, buttons.children[1:], feedback


def test_wrong_then_right():
    _, prompt, options, (check,), feedback = widgets_of(widget.box_of(iter([ONE]), total=1))
    assert (
        read(prompt.value) == "One and one?"
        and options.options == ("A. 1", "B. 2")
        and options.index is None
    )
    check.click()
    assert read(feedback.value) == "Choose an answer first."
    options.index = 0
    check.click()
    assert (
        read(feedback.value).startswith("Not this one. That is one too few for this.")
        and 'role="alert"' in feedback.value
    )
    options.index = 1
    check.click()
    assert read(feedback.value).startswith("Right. One and one are two in all.")
    assert "A. Not this one. That is one too few" in read(feedback.value)


def test_one_after_another_and_round_again():
    place, prompt, options, (check, onward), feedback = widgets_of(
        widget.box_of(iter([ONE, BLOCKS, ONE]), total=2)
    )
    assert "question 1 of 2" in place.value and onward.description == "Next"
    options.index = 1
    check.click()
    onward.click()
    assert "question 2 of 2" in place.value and onward.description == "Start again"
    assert options.options == ("Snippet A", "Snippet B") and "A. a = 1 b = 2" in read(prompt.value)
    assert options.index is None and feedback.value == ""
    onward.click()
    assert "question 1 of 2" in place.value and "One and one?" in prompt.value


def test_the_last_question_says_which_to_look_at_again():
    _, _, options, (check, onward), feedback = widgets_of(
        widget.box_of(iter([ONE, ONE, ONE]), total=2)
    )
    for tries in ((0, 1), (1,)):
        for index in tries:
            options.index = index
            check.click()
        said = read(feedback.value)
        onward.click()
    assert "1 of 2 right at the first try. Look at question 1 again." in said


@pytest.mark.parametrize(
    ("missed", "told"),
    [("1", "question 1"), ("25", "questions 2 and 5"), ("124", "questions 1, 2 and 4")],
)
def test_several_questions_are_listed(missed, told):
    assert widget.these("question", list(missed)) == told


def test_streak_counts_first_tries():
    place, _, options, (check, onward), _ = widgets_of(widget.box_of(iter([ONE] * 5)))

    def streak(*tries):
        for index in tries:
            options.index = index
            check.click()
        seen = int(re.search(r"(\d+) right in a row", place.value)[1])
        onward.click()
        return seen

    assert [streak(1), streak(1, 1), streak(0, 1), streak(1)] == [1, 2, 0, 1]


def test_a_number_is_typed_where_questions_have_no_end():
    number = Question(
        "How many?",
        (Option("1000", False, "That was the old one."), Option("512", True, "Read it there.")),
    )
    box = widget.box_of(iter([number, ONE]))
    place, _, options, buttons, feedback = box.children
    field, _, onward = buttons.children
    assert options.layout.display == "none" and field.layout.display is None
    for said, heard in {
        "1000": "Not this one. That was the old one.",
        "7": "Not this one. That is another number.",
        " 512": "Right.",
    }.items():
        field.value = said  # as Enter does
        assert read(feedback.value).startswith(heard)
    assert (
        "512. Right. Read it there." in read(feedback.value) and "0 right in a row" in place.value
    )
    onward.click()
    assert (
        options.layout.display is None and field.layout.display == "none" and feedback.value == ""
    )


@pytest.fixture
def shown(monkeypatch):
    """What ask() displays: a list of MIME bundles."""
    bundles = []
    monkeypatch.setattr(widget, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.mark.parametrize(
    "what", [quiz.QUESTIONS, ONE, "head_path", ENDLESS], ids=["plain", "one", "kind", "kinds"]
)
def test_text_holds_the_prompt_all_options_and_explanations(shown, what):
    if isinstance(what, tuple):
        asked = [what] if what is ONE else what
    else:
        asked = [
            draw(kind, 7 + number)
            for number, kind in enumerate([what] if isinstance(what, str) else what)
        ]
    ask(what, seed=7)
    live, text = shown
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] and live["text/plain"] == ""
    for mime in ("text/html", "text/plain"):
        page = read(text[mime])
        assert "A Jupyter Widget" not in page
        for question in asked:
            for part in [
                question.prompt,
                *(option.text for option in question.options),
                *(option.why for option in question.options),
            ]:
                assert read(part) in page
    assert text["text/html"].count("<details>") == len(asked)


@pytest.mark.parametrize("with_state", [False, True], ids=["no widget state", "widget state saved"])
def test_an_exported_page_can_be_read(shown, with_state):
    ask(ONE)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "ask(ONE)",
                outputs=[nbformat.v4.new_output("display_data", bundle) for bundle in shown],
            )
        ]
    )
    if with_state:
        model_id = shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"]
        notebook.metadata["widgets"] = {
            "application/vnd.jupyter.widget-state+json": {"state": {model_id: {}}}
        }
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "One and one?" in page and "All answers, explained" in page


def test_the_right_option_stands_everywhere_and_stays(shown):
    """Over seeds each plain question's right option is in each place about as often."""
    for each in QUIZZES.values():
        for question in each.QUESTIONS:
            places = []
            for seed in range(400):
                options = widget.shuffled(question, seed).options
                assert set(options) == set(question.options)
                assert options == widget.shuffled(question, seed).options
                places.append([option.right for option in options].index(True))
            count = len(question.options)
            assert min(places.count(place) for place in range(count)) > 400 / count / 2
    pages = set()
    for _ in range(8):
        ask("head_path")
        pages.add(shown[-1]["text/plain"])
    assert len(pages) > 1, "without a seed each call draws its own questions"


@pytest.mark.parametrize("question", PLAIN)
def test_a_quiz_can_show_its_texts(question):
    """It typesets no formula, and a name such as `A` reads like the letter of an option."""
    texts = [
        question.prompt,
        *(text for each in question.options for text in (each.text, each.why)),
    ]
    assert not [text for text in texts if "$" in text]
    assert not [each.text for each in question.options if re.search(r"`[A-F]`", each.text)]


def test_feedback_goes_when_another_option_is_chosen():
    _, _, options, (check,), feedback = widgets_of(widget.box_of(iter([ONE]), total=1))
    options.index = 0
    check.click()
    assert feedback.value
    options.index = 1
    assert feedback.value == ""


def test_nothing_to_ask_is_said(shown):
    with pytest.raises(ValueError, match="nothing to ask"):
        ask([])
    with pytest.raises(KeyError, match=r"there are .*in_features"):
        ask(["in_features", "no_such_kind"])
    assert shown == []


def test_colours_come_from_the_theme():
    fixed = re.sub(r"var\(--jp-[^)]*\)", "", widget.LOOK)
    assert fixed != widget.LOOK and not re.search(r"#[0-9a-f]{3}|rgb|white;|black;", fixed)


# --- where a learner is, after a restart


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A learner's work/, with one lesson, whose folder is the current one."""
    (tmp_path / ".kept").mkdir()
    (tmp_path / "01-lesson").mkdir()
    monkeypatch.chdir(tmp_path / "01-lesson")
    return tmp_path


@pytest.fixture
def boxes(monkeypatch, shown):
    """The boxes of the quizzes that ask() has shown."""
    made = []
    real = widget.box_of

    def box_of(*args):
        made.append(real(*args))
        return made[-1]

    monkeypatch.setattr(widget, "box_of", box_of)
    return made


def choose(box, right):
    """Choose the right option or a wrong one, and check it."""
    _, _, options, (check, *_), _ = widgets_of(box)
    texts = [label.split(". ")[1] for label in options.options]
    options.index = texts.index("2" if right else "1")
    check.click()


def test_a_restart_goes_on_where_the_quiz_was_left(work, boxes):
    questions = [ONE, ONE._replace(prompt="Once more?"), ONE._replace(prompt="And again?")]
    ask(questions)
    choose(boxes[0], right=False)
    widgets_of(boxes[0])[3][1].click()  # Next
    choose(boxes[0], right=True)
    ask(questions)  # as after a restart
    place, prompt, options, (_, onward), _ = widgets_of(boxes[1])
    assert "question 2 of 3" in place.value and "Once more?" in prompt.value
    assert options.options == widgets_of(boxes[0])[2].options, "in the same order"
    choose(boxes[1], right=False)  # not the first try
    onward.click()
    choose(boxes[1], right=True)
    said = read(widgets_of(boxes[1])[4].value)
    assert "2 of 3 right at the first try. Look at question 1 again." in said
    ask([ONE])
    assert "question 1 of 1" in widgets_of(boxes[2])[0].value, "another quiz"
    (path,) = [path for path in work.rglob("*") if path.is_file()]
    assert path == work / ".kept" / "01-lesson" / "quiz.json"


def test_practice_without_end_goes_on_with_its_streak(work, boxes):
    ask(["head_path", "output_shape"])
    _, prompt, _, (_, onward), _ = widgets_of(boxes[0])
    onward.click()
    onward.click()
    third = prompt.value
    ask(["head_path", "output_shape"])
    assert widgets_of(boxes[1])[1].value == third
    assert "question 3, 0 right" in widgets_of(boxes[1])[0].value


@pytest.mark.parametrize("damage", ["", "[1]", '{"NAME": [1]}', '{"NAME": ["a", 1, 1, 1, []]}'])
def test_a_damaged_standing_starts_anew(work, boxes, damage):
    path = work / ".kept" / "01-lesson" / "quiz.json"
    path.parent.mkdir()
    path.write_text(damage.replace("NAME", widget.name_of([ONE])))
    ask(ONE)
    choose(boxes[0], right=True)
    assert "question 1 of 1" in widgets_of(boxes[0])[0].value
    assert widget.name_of([ONE]) in path.read_text()


def test_where_nothing_is_kept_a_quiz_starts_anew(work, boxes):
    (work / ".kept").rmdir()
    for box in range(2):
        ask([ONE, ONE])
        widgets_of(boxes[box])[3][1].click()
        assert "question 2 of 2" in widgets_of(boxes[box])[0].value
    assert [path for path in work.rglob("*") if path.is_file()] == []


def test_options_that_are_code_are_set_as_code():
    listed = Option("`a`, `b`", False, "No.")
    prose = Option("None of `a`.", False, "No.")
    box = widget.box_of(iter([ONE._replace(options=(*ONE.options, prose, listed)), BLOCKS]))
    options, onward = widgets_of(box)[2], widgets_of(box)[3][1]
    assert list(options._dom_classes) == ["code-1", "code-2", "code-4"]
    assert ".quiz .code-2 label:nth-child(2)" in widget.LOOK
    onward.click()
    assert list(options._dom_classes) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_is_minus_zero(kind):
    for question in drawn(kind):
        texts = [question.prompt, *(part for each in question.options for part in each[::2])]
        for text in texts:
            assert not re.search(r"(?<![\w.])[-+]0\.?0*(?![\d.])", text), text


@given(st.floats(-1e6, 1e6), st.integers(0, 6), st.sampled_from(["", "+"]))
def test_zero_has_no_sign(value, digits, sign):
    text = questions.decimals(value, digits, sign)
    assert float(text) == float(f"{value:.{digits}f}")
    assert (text[0] in "+-") == (float(text) != 0 and (value < 0 or sign == "+"))
