package api

func (s *Server) jobRoutes() []declared { return nil }
