# misconception: batchnorm-by-name
def always_eval(backbone):

    class E(nn.Module):

        def __init__(s):
            super().__init__()
            s.b = backbone

        def train(s, mode=True):
            super().train(mode)
            [m.eval() for n, m in s.b.named_modules() if 'bn' in n]
            return s

        def forward(s, x):
            return s.b(x)
    return E()
