package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) keyRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/api-keys", accessSession, http.StatusOK, "List the caller's API keys", s.listKeys),
		route(http.MethodPost, "/api-keys", accessSession, http.StatusCreated, "Create an API key", s.createKey).secret(),
		route(http.MethodPost, "/api-keys/validate", accessPublic, http.StatusOK, "Tell whether a key is valid", s.validateKey),
		route(http.MethodGet, "/api-keys/admin/all", accessAdmin, http.StatusOK, "List everybody's API keys", s.allKeys),
		route(http.MethodGet, "/api-keys/:id", accessSession, http.StatusOK, "Read an API key", s.getKey),
		route(http.MethodPatch, "/api-keys/:id", accessSession, http.StatusOK, "Change an API key", s.patchKey),
		route(http.MethodPost, "/api-keys/:id/revoke", accessSession, http.StatusOK, "Revoke an API key", s.revokeKey),
		route(http.MethodDelete, "/api-keys/:id", accessSession, http.StatusOK, "Delete an API key with its log", s.deleteKey),
		route(http.MethodGet, "/api-keys/:id/usage", accessSession, http.StatusOK, "List what a key was used for", s.keyUsage),
		route(http.MethodGet, "/users/api-keys", accessSession, http.StatusOK, "List the caller's API keys for the settings page", s.listPageKeys),
		route(http.MethodPost, "/users/api-keys", accessSession, http.StatusCreated, "Create an API key from the settings page", s.createPageKey).secret(),
		route(http.MethodDelete, "/users/api-keys/:id", accessSession, http.StatusOK, "Revoke an API key from the settings page", s.revokePageKey),
	}
}

// keyRow is a key in a list (contract section 2.8).
type keyRow struct {
	ID              string           `json:"id"`
	Name            string           `json:"name"`
	KeyPrefix       string           `json:"keyPrefix"`
	Scopes          []string         `json:"scopes" nullable:"false"`
	Status          hiring.KeyStatus `json:"status" enum:"ACTIVE,REVOKED,EXPIRED"`
	ExpiresAt       *instant         `json:"expiresAt"`
	RevokedAt       *instant         `json:"revokedAt"`
	RateLimitPerDay int              `json:"rateLimitPerDay"`
	RequestsToday   int              `json:"requestsToday"`
	LastRequestAt   *instant         `json:"lastRequestAt"`
	CreatedAt       instant          `json:"createdAt"`
}

func keyRowOf(k hiring.Key) keyRow {
	return keyRow{
		k.ID, k.Name, k.Prefix, k.Scopes, k.Status, instantOf(k.ExpiresAt), instantOf(k.RevokedAt), k.RateLimitPerDay, k.RequestsToday, instantOf(k.LastRequestAt), instant(k.CreatedAt),
	}
}

type keyList struct {
	Data []keyRow `json:"data" nullable:"false"`
}

func (s *Server) listKeys(ctx context.Context, r request[struct{}]) (keyList, error) {
	keys, err := s.services.Keys.Own(ctx, r.Actor)
	return keyList{mapped(keys, keyRowOf)}, err
}

type createKeyIn struct {
	Name   string    `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" fault:"Name is required"`
	Scopes *[]string `json:"scopes" maxLength:"100" fault:"Scopes must be an array"`
	// null is no end, as it is in answers.
	ExpiresAt       Nullable[time.Time] `json:"expiresAt" fault:"Invalid expiresAt date"`
	RateLimitPerDay *int                `json:"rateLimitPerDay" minimum:"1" fault:"Invalid rate limit"`
}

// createdKey shows the secret, once.
type createdKey struct {
	keyRow

	Key     string `json:"key"`
	Message string `json:"message"`
}

const keyShownOnce = "Store this key now: it is not shown again."

func (s *Server) createKey(ctx context.Context, r request[createKeyIn]) (createdKey, error) {
	in := r.In
	n := hiring.NewKey{Name: in.Name, ExpiresAt: in.ExpiresAt.Value, RateLimitPerDay: in.RateLimitPerDay}
	if in.Scopes != nil {
		n.Scopes = *in.Scopes
	}
	key, secret, err := s.services.Keys.Create(ctx, r.Actor, n)
	return createdKey{keyRowOf(key), secret, keyShownOnce}, err
}

type validateKeyIn struct {
	Key Nullable[string] `json:"key"`
}

type validity struct {
	Valid             bool      `json:"valid"`
	UserID            *string   `json:"userId,omitempty"`
	Scopes            *[]string `json:"scopes,omitempty"`
	RemainingRequests *int      `json:"remainingRequests,omitempty"`
	Error             *string   `json:"error,omitempty"`
}

func (s *Server) validateKey(ctx context.Context, r request[validateKeyIn]) (validity, error) {
	if r.In.Key.Value == nil || *r.In.Key.Value == "" {
		text := "Key required"
		r.Fiber.Status(http.StatusBadRequest)
		return validity{Error: &text}, nil
	}
	v, err := s.services.Keys.Validate(ctx, *r.In.Key.Value)
	if err != nil {
		return validity{}, err
	}
	if v.Fault != "" {
		return validity{Error: &v.Fault}, nil
	}
	return validity{Valid: true, UserID: &v.UserID, Scopes: &v.Scopes, RemainingRequests: &v.Remaining}, nil
}

type allKeysIn struct {
	pagingWide

	Status hiring.KeyStatus `query:"status" enum:"ACTIVE,REVOKED,EXPIRED"`
}

// adminKeyRow is a key with its owner.
type adminKeyRow struct {
	keyRow

	UserID      string       `json:"userId"`
	LastResetAt *instant     `json:"lastResetAt"`
	User        recruiterRef `json:"user"`
}

func (s *Server) allKeys(ctx context.Context, r request[allKeysIn]) (pageBody[adminKeyRow], error) {
	q := r.In.query()
	page, err := s.services.Keys.All(ctx, r.In.Status, q)
	return pageOf(q, page, func(k hiring.OwnedKey) adminKeyRow {
		return adminKeyRow{keyRowOf(k.Key), k.UserID, instantOf(k.LastResetAt), recruiterRef{k.UserID, k.OwnerEmail, k.OwnerName}}
	}), err
}

type keyDetail struct {
	keyRow

	UserID      string   `json:"userId"`
	LastResetAt *instant `json:"lastResetAt"`
	Count       keyCount `json:"_count"`
}

type keyCount struct {
	UsageLogs int `json:"usageLogs"`
}

func (s *Server) getKey(ctx context.Context, r request[idIn]) (keyDetail, error) {
	k, err := s.services.Keys.Get(ctx, r.Actor, r.In.ID)
	return keyDetail{keyRowOf(k.Key), k.UserID, instantOf(k.LastResetAt), keyCount{k.Uses}}, err
}

type patchKeyIn struct {
	ID              string    `path:"id"`
	Name            *string   `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" fault:"Invalid name"`
	Scopes          *[]string `json:"scopes" maxLength:"100" fault:"Scopes must be an array"`
	RateLimitPerDay *int      `json:"rateLimitPerDay" minimum:"1" fault:"Invalid rate limit"`
}

func (s *Server) patchKey(ctx context.Context, r request[patchKeyIn]) (keyRow, error) {
	key, err := s.services.Keys.Update(ctx, r.Actor, r.In.ID, hiring.KeyChange{Name: r.In.Name, Scopes: r.In.Scopes, RateLimitPerDay: r.In.RateLimitPerDay})
	return keyRowOf(key), err
}

type revokedKey struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	KeyPrefix string           `json:"keyPrefix"`
	Status    hiring.KeyStatus `json:"status" enum:"ACTIVE,REVOKED,EXPIRED"`
	RevokedAt *instant         `json:"revokedAt"`
}

func (s *Server) revokeKey(ctx context.Context, r request[idIn]) (revokedKey, error) {
	k, err := s.services.Keys.Revoke(ctx, r.Actor, r.In.ID, hiring.Refuse(hiring.KindForbidden, "Forbidden"))
	return revokedKey{k.ID, k.Name, k.Prefix, k.Status, instantOf(k.RevokedAt)}, err
}

func (s *Server) deleteKey(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Keys.Delete(ctx, r.Actor, r.In.ID)
}

type keyUsageIn struct {
	pagingWide

	ID string `path:"id"`
}

type keyLogRow struct {
	ID             string  `json:"id"`
	APIKeyID       string  `json:"apiKeyId"`
	Endpoint       string  `json:"endpoint"`
	Method         string  `json:"method"`
	StatusCode     *int    `json:"statusCode"`
	ResponseTimeMs *int    `json:"responseTimeMs"`
	IPAddress      *string `json:"ipAddress"`
	CreatedAt      instant `json:"createdAt"`
}

func (s *Server) keyUsage(ctx context.Context, r request[keyUsageIn]) (pageBody[keyLogRow], error) {
	q := r.In.query()
	page, err := s.services.Keys.Logs(ctx, r.Actor, r.In.ID, q)
	return pageOf(q, page, func(l hiring.KeyLog) keyLogRow {
		return keyLogRow{l.ID, l.KeyID, l.Endpoint, l.Method, l.Status, l.Took, l.RemoteAddr, instant(l.CreatedAt)}
	}), err
}

// pageKeyRow is a key as the settings page reads it: its status in lower case
// (contract section 2.3).
type pageKeyRow struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	KeyPrefix       string   `json:"keyPrefix"`
	Status          string   `json:"status" enum:"active,revoked,expired"`
	CreatedAt       instant  `json:"createdAt"`
	LastRequestAt   *instant `json:"lastRequestAt"`
	RequestsToday   int      `json:"requestsToday"`
	RateLimitPerDay int      `json:"rateLimitPerDay"`
	ExpiresAt       *instant `json:"expiresAt"`
}

func (s *Server) listPageKeys(ctx context.Context, r request[struct{}]) ([]pageKeyRow, error) {
	keys, err := s.services.Keys.Own(ctx, r.Actor)
	return mapped(keys, func(k hiring.Key) pageKeyRow {
		return pageKeyRow{
			k.ID, k.Name, k.Prefix, strings.ToLower(string(k.Status)), instant(k.CreatedAt), instantOf(k.LastRequestAt), k.RequestsToday, k.RateLimitPerDay, instantOf(k.ExpiresAt),
		}
	}), err
}

type createPageKeyIn struct {
	Name string `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" fault:"Name is required"`
}

// pageScopes are what a key of the settings page may do, which offers no choice: the
// default set of contract section 2.8.
var pageScopes = []string{"interviews:read", "interviews:write", "jobs:read", "jobs:write", "candidates:invite", "reports:read", "reports:share"}

func (s *Server) createPageKey(ctx context.Context, r request[createPageKeyIn]) (createdKey, error) {
	key, secret, err := s.services.Keys.Create(ctx, r.Actor, hiring.NewKey{Name: r.In.Name, Scopes: pageScopes})
	return createdKey{keyRowOf(key), secret, keyShownOnce}, err
}

func (s *Server) revokePageKey(ctx context.Context, r request[idIn]) (okBody, error) {
	_, err := s.services.Keys.Revoke(ctx, r.Actor, r.In.ID, hiring.Refuse(hiring.KindNotFound, "API key not found"))
	return okBody{true}, err
}
