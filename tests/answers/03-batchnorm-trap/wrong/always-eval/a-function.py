# misconception: wrong-result
def always_eval(backbone):
    return lambda x: backbone.eval()(x)
