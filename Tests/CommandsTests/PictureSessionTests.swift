import Commands
import Foundation
import TestSupport
import Testing

/// Commands that share what the network computed.
@Suite(.serialized) struct PictureSessionTests {
    /// What each command prints in a process of its own.
    private static let commands = [
        ["calculate", "selection"], ["calculate", "mask", "--detection", "0"],
        ["record", "--output", "x.safetensors", "--stages", "fpn.*"], ["figures", "suppression"],
        ["calculate", "fusion", "p3", "--row", "12", "--column", "20"],
    ]

    @Test func theNetworkRunsOnceForAll() throws {
        let (here, there) = (try TemporaryFolder(), try TemporaryFolder())
        let session = PictureSession(keepsRuns: true)
        let before = FileManager.default.currentDirectoryPath
        for command in Self.commands {
            let outcome = try #require(session.outcome(of: command, in: here.url.path))
            let own = try Invocation(command, in: there.url)
            #expect(outcome.status == 0 && own.status == 0)
            #expect(outcome.lines.joined(separator: "\n") + "\n" == own.output)
        }
        #expect(session.runCount == 1)
        #expect(FileManager.default.currentDirectoryPath == before)
        for name in ["x.safetensors", "figures/10-suppression.png"] {
            #expect(
                FileManager.default.contentsEqual(atPath: here.path(name), andPath: there.path(name)),
                "\(name)")
        }
        // Another algorithm, other values; with a model's own profile named, the same.
        _ = session.outcome(
            of: ["calculate", "selection", "--convolution", "matrix-product"], in: here.url.path)
        #expect(session.runCount == 2)
        _ = session.outcome(of: ["calculate", "selection"], in: here.url.path)
        #expect(session.runCount == 2)
    }

    @Test func faultsAreToldAsTheProgramDoes() throws {
        let folder = try TemporaryFolder()
        let session = PictureSession(keepsRuns: true)
        let outcome = try #require(
            session.outcome(of: ["calculate", "mask", "--detection", "99"], in: folder.url.path))
        #expect(outcome.status == 2 && outcome.lines.count == 1 && outcome.lines[0].hasPrefix("maskrcnn: "))
        // Commands that run no network, and arguments with a fault, get a process of their own.
        #expect(
            session.outcome(of: ["calculate", "overlap", "0,0,1,1", "0,0,1,1"], in: folder.url.path) == nil)
        #expect(session.outcome(of: ["calculate", "selection", "--nonsense"], in: folder.url.path) == nil)
    }
}
