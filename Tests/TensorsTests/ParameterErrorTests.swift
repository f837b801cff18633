import Testing

import Tensors

@Suite("Errors of parameters")
struct ParameterErrorTests {
    @Test("one line that names the parameter and the fault")
    func descriptions() {
        let missing = ParameterError.missing(name: "rpn.hidden.weight")
        #expect("\(missing)" == "no parameter 'rpn.hidden.weight'")
        let shape = ParameterError.shape(name: "box.hidden.1.bias", found: [3], expected: [4])
        #expect("\(shape)" == "parameter 'box.hidden.1.bias' has shape [3], the model needs [4]")
        let notFinite = ParameterError.notFinite(name: "fpn.p2.weight", index: 17)
        #expect("\(notFinite)" == "parameter 'fpn.p2.weight' holds a NaN or an infinity (element 17)")
    }
}
