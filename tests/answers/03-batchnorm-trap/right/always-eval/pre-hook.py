def always_eval(backbone):
    backbone.register_forward_pre_hook(lambda m, i: m.eval() and None)
    return backbone
