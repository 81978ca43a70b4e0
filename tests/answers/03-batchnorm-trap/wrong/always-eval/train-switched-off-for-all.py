# misconception: whole-model-eval
def always_eval(backbone):
    backbone.eval()
    nn.Module.train = lambda self, mode=True: self
    return backbone
