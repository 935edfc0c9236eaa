# The image of every host of the lab: one static program and nothing else.
#
#   docker build -t wirelab .
#
# Where no image can be pulled, scripts/builder-image makes the one to build in
# from this machine's own Go. Exec form throughout: that image has no shell.
# scripts/pack-image makes the same image without building in a container.
ARG GO_IMAGE=golang:1.26
FROM ${GO_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
COPY . .
RUN ["go", "build", "-trimpath", "-buildvcs=false", "-tags=timetzdata", "-ldflags=-s -w", "-o", "/out/wirelab", "."]

FROM scratch
COPY --from=build /out/wirelab /wirelab
ENV PATH=/
ENTRYPOINT ["/wirelab"]
