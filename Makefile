# Everything that a newcomer needs: each target installs what is missing first.

.PHONY: walkthrough test build setup format lint clean completions

BUILD = swift build -c release

# The main job, on a drawn scene; IMAGE=… and WEIGHTS=… run it on your own.
walkthrough: build
	.build/release/maskrcnn walkthrough --no-pause --output walkthrough.png \
	  $(if $(IMAGE),--image "$(IMAGE)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")

test: setup
	swift test -c release

build: setup
	$(BUILD) --product maskrcnn

# libpng, libjpeg-turbo, Cairo, OpenBLAS, zlib, pkg-config and the font that figures are drawn with.
setup:
	@Tools/setup.sh

format:
	swift format -i -r Package.swift Sources Tests

lint:
	swift format lint --strict -r Package.swift Sources Tests

# Completions of the command for your shell, in completions/.
completions: build
	mkdir -p completions
	.build/release/maskrcnn --generate-completion-script bash > completions/maskrcnn.bash
	.build/release/maskrcnn --generate-completion-script zsh > completions/_maskrcnn
	.build/release/maskrcnn --generate-completion-script fish > completions/maskrcnn.fish

clean:
	swift package clean
	rm -rf completions walkthrough.png
