# misconception: wrong-result
def always_eval(backbone):

    class E(nn.Module):

        def __init__(s):
            super().__init__()
            s.b = backbone

        def forward(s, x):
            s.b.eval()
            with torch.inference_mode():
                return s.b(x)
    return E()
