package api

func (s *Server) candidateRoutes() []declared { return nil }
