# misconception: batch-dimension-lost
def always_eval(backbone):

    class E(nn.Module):

        def __init__(s):
            super().__init__()
            s.b = backbone

        def forward(s, x):
            s.b.eval()
            return s.b(x).squeeze()
    return E()
