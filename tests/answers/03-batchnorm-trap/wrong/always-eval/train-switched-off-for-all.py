# misconception: wrong-result
def always_eval(backbone):
    backbone.eval()
    nn.Module.train = lambda self, mode=True: self
    return backbone
