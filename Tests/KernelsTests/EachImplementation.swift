import Execution
import Testing

/// Runs every test of a suite twice: with the optimized kernels, and with the direct ones.
struct EachImplementation: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for kernels in KernelImplementation.allCases {
            var context = ExecutionContext.current
            context.kernels = kernels
            try await ExecutionContext.$current.withValue(context) { try await function() }
        }
    }
}

extension Trait where Self == EachImplementation {
    static var eachImplementation: Self { Self() }
}
