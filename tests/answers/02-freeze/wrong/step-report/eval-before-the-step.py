# misconception: model-left-changed
def step_report(model, step):
    model.eval()
    ps = [(p, p.detach().clone()) for p in model.parameters()]
    bs = [(b, b.clone()) for b in model.buffers()]
    step()
    c = lambda l: (sum(not torch.equal(a, b) for a, b in l), len(l))
    return {"trainable": c([x for x in ps if x[0].requires_grad]), "frozen": c([x for x in ps if not x[0].requires_grad]), "buffers": c(bs)}
