import torch.fx
from torchvision.models.feature_extraction import NodePathTracer
def features_at(model, node, images):
    twin = copy.deepcopy(model).eval()
    tracer = NodePathTracer()
    graph = tracer.trace(twin)
    by_name = {n.name: path for n, path in tracer.node_to_qualname.items()}
    found = []
    class Catch(torch.fx.Interpreter):
        def run_node(self, n):
            value = super().run_node(n)
            if by_name.get(n.name) == node:
                found.append(value.clone())
            return value
    Catch(torch.fx.GraphModule(tracer.root, graph)).run(images)
    return found[0]
