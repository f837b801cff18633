import Foundation
import Inference
import Tensors
import TestSupport
import Testing

import Training

@Suite struct OptimizerTests {
    /// The parameters of a network that is never run: only names and shapes matter here. The matrix stands for
    /// `box.logits.weight`, the vector for `box.logits.bias`.
    private func parameters(_ start: [String: [Float]]) throws -> Parameters {
        var parameters = try Parameters(TinyRun.configuration().network, from: RandomParameters(seed: 1))
        for (name, values) in start {
            parameters.update("box.logits.\(name)") { tensor in
                tensor = Tensor(shape: name == "weight" ? [2, 3] : [3], elements: values)
            }
        }
        return parameters
    }

    private let names = ["box.logits.weight", "box.logits.bias"]

    @Test("Five steps are those of torch.optim", arguments: ["sgd", "adamW"], [true, false])
    func goldens(rule: String, decaysVectors: Bool) throws {
        let golden = try LossGoldens.read().optimizers
        let example = try #require(
            golden.cases.first { $0.rule == rule && $0.decaysVectors == decaysVectors })
        var parameters = try parameters(golden.start)
        var optimizer = Training.Optimizer(
            rule == "sgd" ? .sgd(momentum: 0.9) : .adamW(beta1: 0.9, beta2: 0.999),
            weightDecay: golden.weightDecay, decaysVectors: decaysVectors)
        #expect(example.steps.count == 5)
        for (step, expected) in example.steps.enumerated() {
            var gradients: [String: Tensor] = [:]
            for (name, values) in golden.gradients[step] {
                gradients["box.logits.\(name)"] = Tensor(
                    shape: name == "weight" ? [2, 3] : [3], elements: values)
            }
            // What has no gradient is as good as what has the gradient 0.
            if step == 2 {
                #expect(gradients["box.logits.bias"]?.array == [0, 0, 0])
                gradients["box.logits.bias"] = nil
            }
            optimizer.step(
                &parameters, names: names, gradients: gradients, rate: golden.rates[step], step: step)
            for (name, values) in expected {
                let found = try #require(parameters["box.logits.\(name)"])
                expectClose(
                    found.array, values, relative: 1e-6, absolute: 2e-7, "\(rule), step \(step), \(name)")
            }
        }
        #expect(optimizer.squares.isEmpty == (rule == "sgd"))
    }

    @Test("Two steps of SGD by hand")
    func sgdByHand() throws {
        var parameters = try parameters(["bias": [1, 2, 4]])
        var optimizer = Training.Optimizer(.sgd(momentum: 0.5), weightDecay: 0.25)
        let gradients = ["box.logits.bias": Tensor(shape: [3], elements: [1, 0, -1])]
        optimizer.step(
            &parameters, names: ["box.logits.bias"], gradients: gradients, rate: 0.5, step: 0)
        // Velocities 1.25, 0.5, 0.
        #expect(parameters["box.logits.bias"]?.array == [0.375, 1.75, 4])
        optimizer.step(&parameters, names: ["box.logits.bias"], gradients: [:], rate: 1, step: 1)
        // Velocities 0.625 + 0.09375, 0.25 + 0.4375, 1.
        #expect(parameters["box.logits.bias"]?.array == [-0.34375, 1.0625, 3])
        #expect(optimizer.means["box.logits.bias"]?.array == [0.71875, 0.6875, 1])
    }

    @Test("Only the parameters that are named change")
    func named() throws {
        let start = try parameters([:])
        var parameters = start
        var optimizer = Training.Optimizer(.adamW(beta1: 0.9, beta2: 0.999), weightDecay: 0.5)
        let name = "box.logits.weight"
        let shape = try #require(start[name]).shape
        optimizer.step(
            &parameters, names: [name],
            gradients: [name: Tensor(shape: shape, repeating: 1), "box.deltas.weight": Tensor(shape: [1])],
            rate: 0.1, step: 0)
        for other in start.names {
            let isSame = parameters[other]?.array == start[other]?.array
            #expect(isSame == (other != name), "\(other)")
        }
    }

    @Test("The norm is that of all gradients as one vector; those not named do not count")
    func norm() {
        let gradients = [
            "a": Tensor(shape: [2], elements: [3, 4]), "b": Tensor(shape: [1], elements: [12]),
            "c": Tensor(shape: [1], elements: [100]),
        ]
        #expect(gradientNorm(gradients, names: ["a", "b", "missing"]) == 13)
        #expect(gradientNorm(gradients, names: []) == 0)
        #expect(gradientNorm(["a": Tensor(shape: [1], elements: [1e30])], names: ["a"]).isFinite)
        #expect(gradientNorm(["a": Tensor(shape: [1], elements: [.nan])], names: ["a"]).isNaN)
    }

    @Test("A rule is read as it is written")
    func coding() throws {
        for rule in [UpdateRule.sgd(momentum: 0.5), .adamW(beta1: 0.75, beta2: 0.875)] {
            let data = try JSONEncoder().encode(rule)
            #expect(try JSONDecoder().decode(UpdateRule.self, from: data) == rule)
        }
        for text in ["{}", #"{"sgd": {}}"#, #"{"adamW": {"beta1": 0.9}}"#, #""sgd""#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(UpdateRule.self, from: Data(text.utf8))
            }
        }
    }
}
