# misconception: requires-grad-alone
def always_eval(backbone):
    return backbone.requires_grad_(False)
