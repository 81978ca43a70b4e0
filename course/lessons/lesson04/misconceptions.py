"""The misconceptions that the checks of lesson 04 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "slice-shares-children": Entry(
        "A slice is a new container around the same layers: compare the memory of tensors, not "
        "objects",
        "04-shared-or-copied: Who shares what",
    ),
    "equal-is-not-shared": Entry(
        "Tensors with equal names or equal values can be in different memory: a copy has both",
        "04-shared-or-copied: Who shares what",
    ),
    "identity-is-not-memory": Entry(
        "Two different parameter objects can use the same memory: compare addresses",
        "04-shared-or-copied: Who shares what",
    ),
    "buffers-left-out": Entry(
        "Buffers are in memory too: compare parameters and buffers",
        "04-shared-or-copied: Who shares what",
    ),
    "counted-from-state-dict": Entry(
        "A state_dict lists a shared tensor under each of its names, and it lists buffers: the sum "
        "over it is not the number of parameters",
        "04-shared-or-copied: Exercise 2: count what is stored",
    ),
    "one-object-n-times": Entry(
        "A list that names one module five times holds one module",
        "04-shared-or-copied: Five independent branches",
    ),
    "one-copy-n-times": Entry(
        "One copy, named five times, is still one module: call copy.deepcopy once for each branch",
        "04-shared-or-copied: Five independent branches",
    ),
    "shallow-copy": Entry(
        "copy.copy makes a new object around the same layers; copy.deepcopy also copies parameters "
        "and buffers",
        "04-shared-or-copied: Five independent branches",
    ),
    "rewrapped-not-copied": Entry(
        "A new Sequential around old layers holds the old layers",
        "04-shared-or-copied: Five independent branches",
    ),
    "parameters-in-one-memory": Entry(
        "Different parameter objects can use one memory: load_state_dict(assign=True) and "
        "nn.Parameter(p.data) copy no numbers",
        "04-shared-or-copied: What a checkpoint keeps",
    ),
    "buffers-still-shared": Entry(
        "The parameters are copied, but not the buffers: the branches update the same running "
        "statistics",
        "04-shared-or-copied: One batch, counted five times",
    ),
    "pretrained-discarded": Entry(
        "A copy starts with the trained parameters and statistics; a reset or a new layer does not",
        "04-shared-or-copied: Will they diverge?",
    ),
    "heads-not-registered": Entry(
        "A plain list or dict hides its modules from PyTorch: use nn.ModuleList or nn.ModuleDict",
        "04-shared-or-copied: Three rules",
    ),
    "made-in-forward": Entry(
        "What forward creates or resets is new at each call and learns nothing: create it in "
        "__init__",
        "04-shared-or-copied: Three rules",
    ),
    "activation-copied": Entry(
        "A copy of the features still passes through the same branch: copy the module",
        "04-shared-or-copied: Three rules",
    ),
    "one-branch": Entry(
        "All targets pass through one branch: copy it, once for each target",
        "04-shared-or-copied: Five independent branches",
    ),
    "gradient-cut-off": Entry(
        "detach() and no_grad() cut the graph: no gradient reaches the layers before them",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "trunk-copied": Entry(
        "The targets share the trunk: keep it in memory once and run it once",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "cut-elsewhere": Entry(
        "The trunk is features[:-2] and a branch is features[-2:]: cut in front of the last dense "
        "block",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "keyed-by-size": Entry(
        "Two targets can have the same size: make a branch and a head for each entry of `sizes`, "
        "not for each different size",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "activation-after-the-head": Entry(
        "Return logits: nothing comes after the Linear, because a loss such as CrossEntropyLoss "
        "expects logits",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "relu-lost": Entry(
        "DenseNet applies a ReLU in its forward, after `features`: apply it as well",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "relu-after-the-mean": Entry(
        "The ReLU comes before the mean: a mean mixes positive and negative values, so the other "
        "order gives other features",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "will-diverge": Entry(
        "Shared parameters never diverge, whatever you train or add: there is only one tensor to "
        "change",
        "04-shared-or-copied: Will they diverge?",
    ),
    "copy-keeps-sharing": Entry(
        "A copy of the whole model still shares the objects that the original shares: copy the "
        "branches one by one",
        "04-shared-or-copied: What a checkpoint keeps",
    ),
    "updates-counted-once": Entry(
        "A BatchNorm that is called five times in a forward updates its running mean five times",
        "04-shared-or-copied: One batch, counted five times",
    ),
    "updates-add-up": Entry(
        "Five updates with momentum 0.1 do not add up to 0.5: each moves the mean by a tenth of "
        "the distance that is left",
        "04-shared-or-copied: One batch, counted five times",
    ),
    "share-of-the-old": Entry(
        "(1 - momentum) ** branches is the share of the old mean: the batch has the rest",
        "04-shared-or-copied: One batch, counted five times",
    ),
    "columns-not-reordered": Entry(
        "The columns are in the order of the branches, not in the order that `order` gives",
        "04-shared-or-copied: Eighteen columns",
    ),
    "order-inverted": Entry(
        "order[k] says where column k comes from, not where output k goes",
        "04-shared-or-copied: Eighteen columns",
    ),
    "branches-count-from-one": Entry(
        "`order` counts branches from 1, a Python list counts from 0",
        "04-shared-or-copied: Eighteen columns",
    ),
    "columns-count-from-zero": Entry(
        "`order` counts columns from 0, as Python does: only the branches count from 1",
        "04-shared-or-copied: Eighteen columns",
    ),
    "columns-detached": Entry(
        "The values are copied without their history, so a loss on them trains nothing: index and "
        "stack the logits themselves",
        "04-shared-or-copied: Eighteen columns",
    ),
    "strict-is-no-proof": Entry(
        "Strict loading compares names and shapes: it does not tell whether all values arrived",
        "04-shared-or-copied: Exercise 7: what did not arrive",
    ),
    "keys-of-one-name": Entry(
        "A shared tensor has one name in `named_parameters()` and several keys in a `state_dict`: "
        "compare by the keys of the `state_dict`",
        "04-shared-or-copied: Who shares what",
    ),
    "last-one-wins": Entry(
        "Keys that use one memory are written one after the other: the values of the last one "
        "remain",
        "04-shared-or-copied: Exercise 7: what did not arrive",
    ),
}
