# The server with local speech, so that it runs whole without any account.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /vantahire ./cmd/vantahire

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates flite pocketsphinx pocketsphinx-en-us \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 vantahire
COPY --from=build /vantahire /usr/local/bin/vantahire
USER vantahire
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
CMD ["vantahire", "serve"]
