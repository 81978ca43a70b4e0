def always_eval(backbone):
    class Still(type(backbone)):
        def train(self, mode=True):
            return super().train(False)

    backbone.__class__ = Still
    return backbone.train()
