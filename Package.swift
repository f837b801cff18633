// swift-tools-version: 6.1
import PackageDescription

/// A C library that the system provides, found through pkg-config.
func system(_ name: String, _ pkgConfig: String, _ debianPackage: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debianPackage])])
}

/// A target that exports others under the name of a product.
func product(_ name: String, _ targets: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: targets, path: "Sources/Products/\(name)")
}

let package = Package(
    name: "MaskRCNN",
    products: [
        // Each product has a target of its own name, so that one import is enough.
        .library(name: "MaskRCNN", targets: ["MaskRCNN", "Verification"]),
        .library(name: "MaskRCNNTraining", targets: ["MaskRCNNTraining"]),
        .library(name: "MaskRCNNFigures", targets: ["MaskRCNNFigures"]),
        .library(name: "COCOEvaluation", targets: ["COCOEvaluation"]),
        .executable(name: "maskrcnn", targets: ["Commands"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        system("CPNG", "libpng", "libpng-dev"),
        system("CJPEG", "libjpeg", "libjpeg-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        system("CCairo", "cairo", "libcairo2-dev"),
        system("COpenBLAS", "openblas", "libopenblas-dev"),

        // In data-flow order; a target imports only what stands above it. Sources/README.md says what is in each.
        .target(name: "Execution"),
        .target(name: "Tensors"),
        .target(name: "Geometry"),
        .target(name: "COCO", dependencies: ["Execution", "Geometry"]),
        .target(name: "Kernels", dependencies: ["Execution", "Tensors", "Geometry", "COpenBLAS"]),
        .target(name: "Inference", dependencies: ["Execution", "Tensors", "Geometry", "COCO", "Kernels"]),
        .target(name: "Formats", dependencies: ["Tensors", "CPNG", "CJPEG", "CZlib"]),
        .target(
            name: "Loading", dependencies: ["Tensors", "Geometry", "Kernels", "Inference", "Formats"],
            resources: [.copy("Model"), .copy("ClassNames")]),
        .target(
            name: "Verification",
            dependencies: ["Execution", "Tensors", "Geometry", "Kernels", "Inference", "Formats"]),
        .target(
            name: "Training",
            dependencies: [
                "Execution", "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Loading",
            ],
            resources: [.copy("Configurations")]),
        .target(name: "Drawing", dependencies: ["Tensors", "Geometry", "Formats", "CCairo"]),
        .target(
            name: "Scenes",
            dependencies: ["Tensors", "Geometry", "COCO", "Inference", "Training", "Drawing"],
            resources: [.copy("Picture")]),
        .target(
            name: "Explanations",
            dependencies: [
                "Execution", "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Loading",
                "Verification", "Training", "Drawing", "Scenes",
            ]),
        .target(
            name: "Figures",
            dependencies: [
                "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Verification", "Training",
                "Drawing", "Scenes", "Explanations",
            ]),
        .target(
            name: "Walkthroughs",
            dependencies: [
                "Tensors", "Geometry", "Kernels", "Inference", "Formats", "Loading", "Verification",
                "Drawing",
                "Explanations", "Figures",
            ],
            // A link to the folder Walkthroughs: the pages travel with the program, and there is one copy of
            // each. `process`, file by file, because `copy` would copy the link.
            resources: [.process("Pages")]),

        // The products: nothing but the names of what one import gives.
        product("COCOEvaluation", ["Execution", "Geometry", "COCO"]),
        product(
            "MaskRCNN",
            ["Execution", "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Loading"]),
        product("MaskRCNNTraining", ["MaskRCNN", "Training"]),
        product("MaskRCNNFigures", ["MaskRCNN", "Drawing", "Explanations", "Figures"]),

        .executableTarget(
            name: "Commands",
            dependencies: [
                "Execution", "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Loading",
                "Verification", "Training", "Drawing", "Scenes", "Explanations", "Figures", "Walkthroughs",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // What several suites need: temporary folders, golden values, closeness, the program itself.
        .target(name: "TestSupport", dependencies: ["Geometry"], path: "Tests/TestSupport"),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .testTarget(
            name: "KernelsTests",
            dependencies: ["Execution", "Tensors", "Geometry", "Kernels", "TestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "GeometryTests", dependencies: ["Geometry", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "COCOTests", dependencies: ["Geometry", "COCO", "TestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "FormatsTests", dependencies: ["Tensors", "Formats", "TestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "Tensors", "Geometry", "Kernels", "Inference", "Formats", "Verification", "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "LoadingTests",
            dependencies: [
                "Tensors", "Geometry", "Kernels", "Inference", "Formats", "Loading", "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "VerificationTests",
            dependencies: [
                "Execution", "Tensors", "Geometry", "Kernels", "Inference", "Formats", "Loading",
                "Verification", "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Execution", "Tensors", "Geometry", "COCO", "Kernels", "Inference", "Formats", "Training",
                "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "ScenesTests",
            dependencies: [
                "Execution", "Tensors", "Geometry", "COCO", "Inference", "Formats", "Loading", "Training",
                "Scenes",
            ]),
        .testTarget(
            name: "ExplanationsTests",
            dependencies: ["Tensors", "Geometry", "Inference", "Loading", "Explanations"]),
        .testTarget(
            name: "FiguresTests",
            dependencies: [
                "Tensors", "Geometry", "Kernels", "Inference", "Formats", "Loading", "Drawing", "Scenes",
                "Explanations", "Figures", "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "WalkthroughsTests",
            dependencies: [
                "Tensors", "Geometry", "Inference", "Formats", "Loading", "Drawing", "Scenes", "Explanations",
                "Figures", "Walkthroughs", "Commands", "TestSupport",
            ]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Tensors", "Formats", "Explanations", "Commands", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Fixtures")]),
    ],
    swiftLanguageModes: [.v6]
)
