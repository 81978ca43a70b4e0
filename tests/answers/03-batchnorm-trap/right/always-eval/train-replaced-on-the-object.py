def always_eval(backbone):
    backbone.eval()
    backbone.train = lambda mode=True: backbone
    return backbone
