package api

func (s *Server) adminRoutes() []declared { return nil }
