// swift-tools-version: 6.1
import PackageDescription

/// A C library that the system provides, found through pkg-config.
func system(_ name: String, _ pkgConfig: String, _ debianPackage: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debianPackage])])
}

let package = Package(
    name: "MaskRCNN",
    products: [
        .library(
            name: "MaskRCNN",
            targets: [
                "Tensors", "Geometry", "COCO", "Kernels", "MaskRCNN", "Formats", "Loading", "Verification",
                "Figures", "Scenes", "Training",
            ]),
        .executable(name: "maskrcnn", targets: ["Commands"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        system("CPNG", "libpng", "libpng-dev"),
        system("CTurboJPEG", "libturbojpeg", "libturbojpeg0-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        system("CCairo", "cairo", "libcairo2-dev"),
        system("COpenBLAS", "openblas", "libopenblas-dev"),

        // In data-flow order; a target imports only what stands above it.
        .target(name: "Tensors"),
        .target(name: "Geometry"),
        .target(name: "COCO", dependencies: ["Geometry"]),
        .target(name: "Kernels", dependencies: ["Tensors", "Geometry", "COpenBLAS"]),
        .target(name: "MaskRCNN", dependencies: ["Kernels"]),
        .target(name: "Formats", dependencies: ["Tensors", "CPNG", "CTurboJPEG", "CZlib"]),
        .target(name: "Loading", dependencies: ["MaskRCNN", "Formats"], resources: [.copy("Model")]),
        .target(name: "Verification", dependencies: ["MaskRCNN", "Formats"]),
        .target(name: "Figures", dependencies: ["Tensors", "Geometry", "CCairo"]),
        .target(
            name: "Scenes", dependencies: ["Tensors", "Geometry", "COCO", "Figures"],
            resources: [.copy("Picture")]),
        .target(
            name: "Training", dependencies: ["Loading", "COCO", "Scenes"],
            resources: [.copy("Configurations")]),
        .target(
            name: "Walkthroughs",
            dependencies: ["Loading", "Verification", "Figures", "Scenes", "COCO", "Training"],
            // A link to the folder Walkthroughs: the pages travel with the program, and there is one copy of
            // each. `process`, file by file, because `copy` would copy the link.
            resources: [.process("Pages")]),
        .executableTarget(
            name: "Commands",
            dependencies: [
                "Walkthroughs", "Loading", "Verification", "Scenes", "Training", "Figures", "Formats", "COCO",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels"], resources: [.copy("Fixtures")]),
        .testTarget(name: "GeometryTests", dependencies: ["Geometry"], resources: [.copy("Fixtures")]),
        .testTarget(name: "COCOTests", dependencies: ["COCO"], resources: [.copy("Fixtures")]),
        .testTarget(name: "FormatsTests", dependencies: ["Formats"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "VerificationTests", dependencies: ["Verification", "Loading"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TrainingTests", dependencies: ["Training"], resources: [.copy("Fixtures")]),
        .testTarget(name: "LoadingTests", dependencies: ["Loading"], resources: [.copy("Fixtures")]),
        .testTarget(name: "CommandsTests", dependencies: ["Commands"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "MaskRCNNTests", dependencies: ["MaskRCNN", "Formats", "Verification"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "FiguresTests", dependencies: ["Figures", "Formats"], resources: [.copy("Fixtures")]),
        .testTarget(name: "ScenesTests", dependencies: ["Scenes"]),
        .testTarget(
            name: "WalkthroughsTests", dependencies: ["Walkthroughs", "Commands", "Loading", "Scenes"]),
    ],
    swiftLanguageModes: [.v6]
)
