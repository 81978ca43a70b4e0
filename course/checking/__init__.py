"""What each exercise asks, judged by behaviour: outputs, gradients, what moved. One module per lesson."""
