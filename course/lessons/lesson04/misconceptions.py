"""The misconceptions that the checks of lesson 04 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "slice-shares-children": Entry(
        "A slice is a new container around the same children: compare tensors, not containers",
        "04-shared-or-copied: Who shares what",
    ),
    "equal-is-not-shared": Entry(
        "Equal names or equal values are not the same memory: a copy has both, and memory of its "
        "own",
        "04-shared-or-copied: Who shares what",
    ),
    "identity-is-not-memory": Entry(
        "Two parameters can be different objects in one memory: compare addresses",
        "04-shared-or-copied: Who shares what",
    ),
    "counted-from-state-dict": Entry(
        "A state_dict lists a shared tensor under each of its names, and buffers beside "
        "parameters: its sum is not the model's size",
        "04-shared-or-copied: Exercise 2: count what is stored",
    ),
    "one-object-n-times": Entry(
        "A list that names one module five times holds one module",
        "04-shared-or-copied: Five real branches",
    ),
    "one-copy-n-times": Entry(
        "One copy that stands five times is still one: copy once for each branch, in a deepcopy "
        "of its own",
        "04-shared-or-copied: Five real branches",
    ),
    "shallow-copy": Entry(
        "copy.copy makes a new container around the same children: it takes copy.deepcopy to copy "
        "weights",
        "04-shared-or-copied: Five real branches",
    ),
    "rewrapped-not-copied": Entry(
        "A new Sequential around old layers holds the old layers",
        "04-shared-or-copied: Five real branches",
    ),
    "assigned-from-one-dict": Entry(
        "load_state_dict(assign=True) puts in the very tensors that it is given: from one dict, "
        "all models share them",
        "04-shared-or-copied: What a checkpoint keeps",
    ),
    "buffers-still-shared": Entry(
        "Parameters are copied, buffers are not: the branches still write one running mean",
        "04-shared-or-copied: Five batches in one",
    ),
    "pretrained-discarded": Entry(
        "An independent branch starts with the trained weights and statistics: a reset or a new "
        "layer has none",
        "04-shared-or-copied: A fresh start",
    ),
    "heads-not-registered": Entry(
        "A plain list or dict hides its modules from PyTorch: use nn.ModuleList or nn.ModuleDict",
        "04-shared-or-copied: Three rules",
    ),
    "made-in-forward": Entry(
        "What forward makes or resets begins anew at each call and learns nothing: that belongs "
        "in __init__",
        "04-shared-or-copied: Three rules",
    ),
    "activation-copied": Entry(
        "A copy of an activation is not a copy of a module: it goes through the same weights, or "
        "cuts the gradient off",
        "04-shared-or-copied: Three rules",
    ),
    "trunk-copied": Entry(
        "The trunk is what the targets share: one in memory, run once",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "relu-lost": Entry(
        "DenseNet applies a ReLU in its forward, after `features`: a cut model must apply it too",
        "04-shared-or-copied: Exercise 4: the whole model",
    ),
    "will-diverge": Entry(
        "Shared weights never diverge, whatever is trained or added: there is only one tensor to "
        "change",
        "04-shared-or-copied: Will they diverge?",
    ),
    "copy-keeps-sharing": Entry(
        "A copy of the whole keeps what is shared inside it shared: copy the branches one by one",
        "04-shared-or-copied: What a checkpoint keeps",
    ),
    "updates-counted-once": Entry(
        "A BatchNorm that is passed five times in a forward moves five times",
        "04-shared-or-copied: Five batches in one",
    ),
    "updates-add-up": Entry(
        "Five moves of a tenth are not half the way: each is a tenth of what is left",
        "04-shared-or-copied: Five batches in one",
    ),
    "columns-not-reordered": Entry(
        "The branches side by side are not the asked order", "04-shared-or-copied: Eighteen columns"
    ),
    "order-inverted": Entry(
        "order[k] says where column k comes from, not where output k goes",
        "04-shared-or-copied: Eighteen columns",
    ),
    "branches-count-from-one": Entry(
        "The branches count from 1, a Python list from 0", "04-shared-or-copied: Eighteen columns"
    ),
    "strict-is-no-proof": Entry(
        "Strict loading compares names and shapes: that all keys match does not mean that all "
        "values arrived",
        "04-shared-or-copied: Exercise 7: what did not arrive",
    ),
    "last-one-wins": Entry(
        "Branches in one memory are written one after the other: what the last one holds remains",
        "04-shared-or-copied: Exercise 7: what did not arrive",
    ),
}
