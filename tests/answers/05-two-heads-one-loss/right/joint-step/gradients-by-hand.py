def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    fruit_logits, fresh_logits = model(images)
    fruit_loss, fresh_loss = F.cross_entropy(fruit_logits, fruit), F.cross_entropy(fresh_logits, rotten)
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(loss_weights[0] * fruit_loss + loss_weights[1] * fresh_loss, parameters)
    for p, gradient in zip(parameters, gradients):
        p.grad = gradient
    optimizer.step()
