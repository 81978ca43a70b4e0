# misconception: wrong-result
def step_report(model, step):
    ps = [(p, p.detach().clone()) for p in model.parameters()]
    step()
    bs = [(b, b.clone()) for b in model.buffers()]
    c = lambda l: (sum(not torch.equal(a, b) for a, b in l), len(l))
    return {"trainable": c([x for x in ps if x[0].requires_grad]), "frozen": c([x for x in ps if not x[0].requires_grad]), "buffers": c(bs)}
